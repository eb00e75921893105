// Suggestions under a search field: an ARIA combobox with a list. Without this file the form works as it is.

const WAIT = 120;
const LONGEST = 100; // a pasted text has no suggestions, and the server refuses it
const KINDS = { title: "dokument", heading: "rozdział", phrase: "", abbreviation: "skrót" };

function plural(n) {
  return n === 1 ? "1 podpowiedź" : `${n} podpowiedzi`;
}

function enhance(input) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${input.id}-podpowiedzi`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Podpowiedzi");
  list.hidden = true;
  const status = document.createElement("span");
  status.className = "hidden";
  status.setAttribute("role", "status");
  input.after(list, status);
  input.setAttribute("role", "combobox");
  input.setAttribute("aria-autocomplete", "list");
  input.setAttribute("aria-controls", list.id);
  input.setAttribute("aria-expanded", "false");

  let found = [];
  let active = -1;
  let typed = input.value;
  let timer = 0;
  let request = null;

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    active = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[index].id);
      list.children[index].scrollIntoView({ block: "nearest" });
    }
    input.value = index < 0 ? typed : found[index].text;
  }

  function go(index) {
    const { text, url } = found[index];
    if (url) {
      close();
      location.assign(url);
      return;
    }
    input.value = text;
    close();
    input.form.requestSubmit();
  }

  function show(suggestions) {
    found = suggestions;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(
      ...found.map(({ text, kind, detail }, i) => {
        const item = document.createElement("li");
        item.id = `${list.id}-${i}`;
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.append(text);
        const note = [KINDS[kind], detail].filter(Boolean).join(": ");
        if (note) {
          const small = document.createElement("span");
          small.className = "note";
          small.textContent = note;
          item.append(" ", small);
        }
        // Before the field loses focus, which would close the list.
        item.addEventListener("pointerdown", (event) => event.preventDefault());
        item.addEventListener("click", () => go(i));
        return item;
      }),
    );
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    status.textContent = found.length ? `${plural(found.length)}, wybierz strzałkami.` : "Brak podpowiedzi.";
  }

  async function ask() {
    request?.abort();
    request = new AbortController();
    try {
      const answer = await fetch(`/api/v1/suggest?${new URLSearchParams({ q: typed })}`, { signal: request.signal });
      if (answer.ok) show((await answer.json()).suggestions);
    } catch {
      // No network or a newer question: the form works without suggestions.
    }
  }

  input.addEventListener("input", () => {
    typed = input.value;
    clearTimeout(timer);
    if (typed.trim().length < 2 || typed.length > LONGEST) close();
    else timer = setTimeout(ask, WAIT);
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!open) {
        if (typed.trim().length >= 2) ask();
        return;
      }
      event.preventDefault();
      // One more place than there are suggestions: what was typed.
      const step = event.key === "ArrowDown" ? 1 : -1;
      const places = found.length + 1;
      choose(((active + 1 + step + places) % places) - 1);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      choose(-1);
      close();
    } else if (event.key === "Enter" && open && active >= 0) {
      event.preventDefault();
      go(active);
    }
  });
  input.addEventListener("blur", close);
}

document.querySelectorAll("[data-suggest]").forEach(enhance);
