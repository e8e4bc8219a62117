// Theme and search. Everything it needs lies beside it: a page opened from the disk works like one from a server.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const paint = () => {
    root.dataset.theme = kept() || (dark.matches ? "dark" : "light");
    const button = document.getElementById("theme");
    if (button) button.textContent = root.dataset.theme === "dark" ? "Light" : "Dark";
  };
  paint();
  dark.addEventListener("change", paint);

  const plain = text => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  let index = null;

  // The index is large, so it comes with the first search: as a script, because pages from the disk may not read files.
  const load = () => index ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = "search.js";
    script.onload = () => done(window.BOOK.map(part => ({...part, inTitle: plain(part.title + " " + part.page), inText: plain(part.text)})));
    script.onerror = failed;
    document.head.append(script);
  });

  const count = (text, word) => text.split(word).length - 1;

  const search = (parts, words) => parts
    .map(part => {
      const hits = words.map(word => 20 * count(part.inTitle, word) + Math.min(5, count(part.inText, word)));
      return {part, score: hits.every(hit => hit > 0) ? hits.reduce((a, b) => a + b, 0) : 0};
    })
    .filter(found => found.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, 20)
    .map(found => found.part);

  // A piece of the text around the first word, with the words marked.
  const piece = (part, words) => {
    const at = Math.max(0, ...words.map(word => part.inText.indexOf(word)).filter(place => place >= 0).slice(0, 1));
    const from = part.text.lastIndexOf(" ", Math.max(0, at - 50)) + 1;
    const text = (from > 0 ? "… " : "") + part.text.slice(from, from + 170) + (part.text.length > from + 170 ? " …" : "");
    const line = document.createElement("small");
    const cut = new RegExp("(" + words.map(word => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|") + ")", "gi");
    for (const [number, bit] of text.split(cut).entries()) {
      if (number % 2) line.append(Object.assign(document.createElement("mark"), {textContent: bit}));
      else line.append(bit);
    }
    return line;
  };

  const show = (box, parts, words) => {
    box.replaceChildren(...parts.map(part => {
      const link = Object.assign(document.createElement("a"), {href: part.url});
      link.append(part.title === part.page ? part.page : part.page + ": " + part.title, piece(part, words));
      return link;
    }));
    if (!parts.length) box.append(Object.assign(document.createElement("p"), {textContent: "Nothing in the book has all of these words."}));
    box.hidden = false;
  };

  addEventListener("DOMContentLoaded", () => {
    paint();
    document.getElementById("theme").addEventListener("click", () => {
      try { localStorage.setItem("theme", root.dataset.theme === "dark" ? "light" : "dark"); } catch { /* a private window */ }
      paint();
    });
    const box = document.getElementById("found");
    const field = document.getElementById("words");
    field.addEventListener("input", async () => {
      const words = plain(field.value).split(/\s+/).filter(Boolean);
      if (!words.length) { box.hidden = true; return; }
      const parts = await load();
      if (plain(field.value).split(/\s+/).filter(Boolean).join() === words.join()) show(box, search(parts, words), words);
    });
    field.addEventListener("keydown", event => {
      if (event.key === "Escape") { field.value = ""; box.hidden = true; }
      if (event.key === "Enter") box.querySelector("a")?.click();
      if (event.key === "ArrowDown") { box.querySelector("a")?.focus(); event.preventDefault(); }
    });
    box.addEventListener("click", () => { box.hidden = true; });
    addEventListener("keydown", event => {
      if (event.key === "/" && !/^(INPUT|TEXTAREA)$/.test(document.activeElement.tagName)) { field.focus(); event.preventDefault(); }
    });
    addEventListener("click", event => { if (!event.target.closest(".search")) box.hidden = true; });
  });
})();
