// Copying an entry, with the sentence that is selected on the page. Without this file entries can be selected and downloaded.

const LONGEST = 2000;

/** A quotation as the server writes it: quotation marks within it become inner ones. */
function quoted(text) {
  return `„${text.replace(/[„“]([^”“"\n]*)[”“"]/g, "«$1»")}”`;
}

function escaped(text) {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Put a text on the clipboard; `plain` and `html` may be promises, since the click alone permits it, and does not wait. */
async function put(plain, html) {
  if (navigator.clipboard && window.ClipboardItem) {
    const blob = async (text, type) => new Blob([await text], { type });
    const kinds = { "text/plain": blob(plain, "text/plain") };
    if (html) kinds["text/html"] = blob(html, "text/html");
    await navigator.clipboard.write([new ClipboardItem(kinds)]);
    return;
  }
  const field = document.createElement("textarea");
  field.value = await plain;
  field.className = "hidden";
  document.body.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (!done) throw new Error("copy");
}

async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.text();
}

function enhance(box) {
  const status = box.querySelector("[role=status]");
  const chosen = box.querySelector(".chosen");
  let quote = "";

  function choose(text) {
    quote = text;
    chosen.hidden = !text;
    chosen.querySelector("q").textContent = text.length > 120 ? `${text.slice(0, 120).trimEnd()}…` : text;
  }

  // Remembered, since a press of the button may end the selection.
  document.addEventListener("selectionchange", () => {
    const selection = document.getSelection();
    if (!selection || selection.isCollapsed || !selection.rangeCount) return;
    const place = selection.getRangeAt(0).commonAncestorContainer;
    const element = place.nodeType === Node.ELEMENT_NODE ? place : place.parentElement;
    const text = selection.toString().replace(/\s+/g, " ").trim();
    if (text && text.length <= LONGEST && element?.closest(".text")) choose(text);
  });
  chosen.querySelector("button").addEventListener("click", () => {
    choose("");
    status.textContent = "Opisy będą kopiowane bez cytatu.";
  });

  for (const button of box.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { copy, name, url } = button.dataset;
      status.textContent = "";
      try {
        if (url) await put(fetched(url));
        else {
          const entry = document.getElementById(copy);
          const before = quote ? quoted(quote) + (copy.endsWith("in-text") ? " " : " — ") : "";
          await put(before + entry.textContent.trim(), escaped(before) + entry.innerHTML.trim());
        }
        status.textContent = `Skopiowano: ${name}${quote && !url ? ", z zaznaczonym cytatem" : ""}.`;
      } catch {
        status.textContent = "Nie udało się skopiować. Zaznacz opis i skopiuj go klawiszami Ctrl+C.";
      }
    });
  }
}

document.querySelectorAll(".cite").forEach(enhance);
