// What pages do with a script: copy addresses, show a story as it stood, tell of news, follow addresses of before.
// Without it they are whole.
"use strict";

const MINUTE = 60_000;

const one = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

function offerCopying(button) {
  const words = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    // Only pages that came over https, or from this machine, may write to the clipboard.
    const copied = await navigator.clipboard?.writeText(button.dataset.copy).then(() => true, () => false);
    button.textContent = copied ? button.dataset.copied : button.dataset.failed;
    setTimeout(() => (button.textContent = words), 3_000);
  });
}

// What is wider than its column scrolls, and has to be reached by keyboard, which not every browser sees to by itself.
const tables = new ResizeObserver((resized) => {
  for (const { target: table } of resized) {
    if (table.scrollWidth > table.clientWidth) table.tabIndex = 0;
    else table.removeAttribute("tabindex");
  }
});

function letTablesScroll(within = document) {
  for (const table of all(".feed-body table", within)) tables.observe(table);
}

// What a slot showed at a moment is written into it; what it shows now is kept meanwhile. Moments are numbers, null is now.
class Slot {
  constructor(element, earlier) {
    this.element = element;
    this.since = Number(element.dataset.since);
    this.earlier = earlier ?? [];
    this.now = element.hasAttribute("hidden") ? "" : element.innerHTML;
    this.shown = this.now;
  }

  at(moment) {
    if (moment === null || moment >= this.since) return this.now;
    return this.earlier.findLast(([since]) => since <= moment)?.[1] ?? "";
  }

  show(moment) {
    const html = this.at(moment);
    if (html === this.shown) return;
    this.element.innerHTML = html;
    letTablesScroll(this.element);
    this.element.toggleAttribute("hidden", html === "");
    this.shown = html;
  }
}

class LookingBack {
  constructor(past, section) {
    this.past = past;
    this.moments = past.moments.map(([moment]) => moment);
    this.now = this.moments.length;
    this.form = one("form", section);
    this.range = one("input", this.form);
    this.range.max = this.now;
    this.slots = all("[data-since]").map((element) => new Slot(element, past.slots[element.dataset.slot]));
    this.groups = all("[data-group]");
    this.form.hidden = false;
    this.range.addEventListener("input", () => this.go(Number(this.range.value)));
    for (const button of all("button", this.form)) button.addEventListener("click", () => this.press(button.value));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    const asked = instant(new URLSearchParams(location.search).get("as-of"));
    this.show(asked === null ? this.now : this.indexAt(asked));
  }

  // The last moment that is not later; the first one of all for what is earlier still.
  indexAt(asked) {
    return Math.max(this.moments.findLastIndex((moment) => moment <= asked), 0);
  }

  press(step) {
    const older = one(".feed-parts a[rel=prev]");
    if (step === "now") this.go(this.now);
    else if (this.index + Number(step) >= 0) this.go(Math.min(this.index + Number(step), this.now));
    else if (older) location.assign(asOf(older.href, this.moments[0]));
  }

  go(index) {
    this.show(index);
    history.replaceState(null, "", asOf(location.href, this.moments[index] ?? null));
  }

  show(index) {
    this.index = index;
    const moment = this.moments[index] ?? null;
    for (const slot of this.slots) slot.show(moment === null ? null : index);
    for (const group of this.groups) {
      group.toggleAttribute("hidden", !all("[data-since]", group).some((slot) => !slot.hasAttribute("hidden")));
    }
    for (const link of all(".feed-order a")) link.href = asOf(link.href, moment);
    this.tell(index, moment);
  }

  tell(index, moment) {
    const { past, form, range } = this;
    const words = moment === null ? past.now : past.then.replace("{time}", past.moments[index][1]);
    one("[role=status]", form).textContent = moment === null ? words : `${words} ${past.withdrawn}`;
    range.value = index;
    range.setAttribute("aria-valuetext", words);
    one("[value='-1']", form).disabled = index === 0 && !one(".feed-parts a[rel=prev]");
    one("[value='1']", form).disabled = index === this.now;
    one("[value=now]", form).disabled = index === this.now;
    // A button that can no longer be pressed would leave whoever pressed it by keyboard nowhere.
    if (document.activeElement?.disabled) range.focus();
    form.closest(".feed-story").toggleAttribute("data-then", moment !== null);
  }
}

// A moment as pages have it, to the microsecond in UTC, of what someone may have typed; null for what is none.
function instant(text) {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/.test(text)) return text;
  const date = new Date(text ?? NaN);
  return Number.isNaN(date.valueOf()) ? null : date.toISOString().replace("Z", "000Z");
}

function asOf(href, moment) {
  const address = new URL(href);
  if (moment === null) address.searchParams.delete("as-of");
  else address.searchParams.set("as-of", moment.replace(/\.?0+Z$/, "Z"));
  return address.href;
}

// A page shows what its own updates tell; what was known earlier, an older page does.
function olderPage(past) {
  const asked = instant(new URLSearchParams(location.search).get("as-of"));
  if (asked === null || (past && asked >= past.moments[0][0])) return null;
  const parts = all(".feed-parts a[data-from]").filter((link) => link.dataset.from <= asked);
  return parts.length ? asOf(parts[0].href, asked) : null;
}

// Where what stood on this page once stands now. Anchors are ASCII: there is nothing to decode, and no "%" to stumble at.
function movedTo() {
  const target = document.getElementById(location.hash.slice(1));
  return target?.closest(".feed-older") ? target.href : null;
}

class News {
  constructor(place, newest) {
    this.place = place;
    this.newest = newest;
    this.asked = Date.now();
    this.count = 0;
    setInterval(() => this.look(), MINUTE);
    document.addEventListener("visibilitychange", () => this.look());
  }

  // Nothing is asked in the background, nor more than once a minute; the browser asks only whether the feed has changed.
  async look() {
    if (document.hidden || Date.now() - this.asked < MINUTE) return;
    this.asked = Date.now();
    try {
      const answer = await fetch("feed.json", { cache: "no-cache" });
      if (answer.ok) await this.tell((await answer.json()).items.map((item) => item.id));
    } catch {
      // Without a connection there is no news; a minute later there may be.
    }
  }

  async tell(ids) {
    const known = ids.indexOf(this.newest);
    const count = known < 0 ? ids.length : known;
    if (count === this.count) return;
    // Otherwise the link could lead to the page as the browser has kept it, where the server says nothing against that.
    await fetch("./", { cache: "no-cache" });
    this.count = count;
    const { one: single, many, show } = this.place.dataset;
    const link = Object.assign(document.createElement("a"), { href: "./", textContent: show });
    this.place.replaceChildren(`${count === 1 ? single : many.replace("{count}", count)} `, link);
  }
}

function begin() {
  for (const button of all("[data-copy]")) offerCopying(button);
  letTablesScroll();
  const story = one("main .feed-story");
  if (!story) return;
  const held = one("#_past");
  const past = held && JSON.parse(held.textContent);
  const elsewhere = movedTo() ?? olderPage(past);
  if (elsewhere) {
    location.replace(elsewhere);
    return;
  }
  addEventListener("hashchange", () => {
    const moved = movedTo();
    if (moved) location.replace(moved);
  });
  if (past) new LookingBack(past, one(".feed-then"));
  new News(one(".feed-new"), story.dataset.newest);
}

begin();
