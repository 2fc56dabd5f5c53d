"""An event-sourced news story feed: append updates, rebuild stories, publish feeds."""
