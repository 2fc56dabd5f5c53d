// What is wrong with how a page is laid out, in words; an empty list where nothing is.
() => {
  const faults = [];
  const SLACK = 1;
  // What only screen readers are told is cut to a pixel on purpose.
  const unseen = (element) => element.closest(".feed-unseen, .feed-skip:not(:focus), noscript, head") !== null
    || getComputedStyle(element.closest("thead") ?? element).clipPath !== "none";
  const visible = (element) => element.checkVisibility() && !unseen(element);
  const named = (element) => {
    const words = element.textContent.trim().replace(/\s+/g, " ").slice(0, 30);
    return `${element.localName}${element.className && `.${element.getAttribute("class")}`} "${words}"`;
  };
  const lies = (element) => getComputedStyle(element).position;

  // The lines of text and the form controls, as boxes.
  const boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const element = text.parentElement;
    if (!text.data.trim() || !visible(element)) continue;
    const range = document.createRange();
    range.selectNodeContents(text);
    for (const box of range.getClientRects()) boxes.push([element, box]);
  }
  const CONTROLS = "input, summary, button";
  for (const element of document.querySelectorAll(CONTROLS)) {
    if (visible(element)) boxes.push([element, element.getBoundingClientRect()]);
  }

  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`the page is ${wide} pixels wide, the window ${innerWidth}`);

  // What scrolls by itself may hold more than it shows.
  const scroller = (element) => {
    for (let outer = element; outer !== document.body; outer = outer.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(outer).overflowX)) return outer;
    }
    return null;
  };
  for (const [element, box] of boxes) {
    const around = element.closest("svg") ?? scroller(element);
    const shown = around && element.closest("svg") === null ? around.getBoundingClientRect() : box;
    if (shown.left < -SLACK || shown.right > innerWidth + SLACK) faults.push(`${named(element)} leaves the window`);
    const picture = element.closest("svg")?.getBoundingClientRect();
    if (picture && (box.left < picture.left - SLACK || box.right > picture.right + SLACK
      || box.top < picture.top - SLACK || box.bottom > picture.bottom + SLACK)) {
      faults.push(`${named(element)} is cut off by its picture`);
    }
  }
  for (const element of document.body.querySelectorAll("*")) {
    if (!visible(element) || element.closest("svg") || element.localName === "input") continue;
    const style = getComputedStyle(element);
    const isCut = ["hidden", "clip"].includes(style.overflowX) && element.scrollWidth > element.clientWidth + SLACK;
    if (isCut) faults.push(`${named(element)} cuts off what it holds`);
  }

  // A font's ascenders and descenders may reach into the next line, its letters do not.
  const letters = boxes
    .filter(([element]) => !element.closest("[data-then] .feed-then, .feed-new"))
    .map(([element, { left, right, top, bottom }]) => {
      const reach = (bottom - top) / 4;
      return { element, left, right, top: top + reach, bottom: bottom - reach };
    })
    .sort((a, b) => a.top - b.top);
  letters.forEach((upper, index) => {
    for (let next = index + 1; next < letters.length && letters[next].top < upper.bottom - SLACK; next++) {
      const lower = letters[next];
      const within = upper.element.closest(CONTROLS);
      if (within && within === lower.element.closest(CONTROLS)) continue;
      if (scroller(upper.element) !== scroller(lower.element)) continue;
      if (Math.min(upper.right, lower.right) - Math.max(upper.left, lower.left) > SLACK) {
        faults.push(`${named(upper.element)} and ${named(lower.element)} overlap`);
      }
    }
  });

  // Neither do boxes that stand beside or below each other.
  for (const outer of document.body.querySelectorAll("*")) {
    if (!visible(outer) || outer.closest("svg")) continue;
    const inner = [...outer.children].filter((element) => visible(element)
      && getComputedStyle(element).display !== "inline" && ["static", "relative"].includes(lies(element)));
    const placed = inner.map((element) => [element, element.getBoundingClientRect()])
      .filter(([, box]) => box.width && box.height)
      .sort(([, a], [, b]) => a.top - b.top);
    placed.forEach(([upper, a], index) => {
      for (let next = index + 1; next < placed.length && placed[next][1].top < a.bottom - SLACK; next++) {
        const [lower, b] = placed[next];
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > SLACK) {
          faults.push(`${named(upper)} and ${named(lower)} overlap`);
        }
      }
    });
  }
  return [...new Set(faults)];
}
