// Arrow keys turn the pages of a document, with Shift they go from one found place to the next. All of them are links anyway.

const BUSY = "input, textarea, select, [contenteditable], .scroll";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.target.closest?.(BUSY)) return;
  // With a selection, Shift and an arrow make it longer.
  if (event.shiftKey && !getSelection().isCollapsed) return;
  const link = document.querySelector(`[data-key="${event.shiftKey ? "Shift+" : ""}${event.key}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
