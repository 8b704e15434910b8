"use strict";
// Search: every word must be somewhere in what an entry is about. Without this script all of the page is there.
(() => {
  const box = document.querySelector("search"), input = document.getElementById("find"), found = document.getElementById("found");
  const contents = document.querySelector("nav details");
  const entries = [...document.querySelectorAll("[data-words]")];
  const links = new Map([...document.querySelectorAll("[data-of]")].map(li => [li.dataset.of, li]));
  const groups = [...document.querySelectorAll("main > section.tag, nav section")];
  const narrow = matchMedia("(max-width: 60rem)");
  const fold = () => { contents.open = !narrow.matches; };
  const search = () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const entry of entries) {
      const hit = words.every(word => entry.dataset.words.includes(word));
      entry.hidden = !hit;
      count += hit ? 1 : 0;
      const link = links.get(entry.id);
      if (link) link.hidden = !hit;
    }
    for (const group of groups) group.hidden = words.length > 0 && !group.querySelector("[data-words]:not([hidden]), [data-of]:not([hidden])");
    for (const always of document.querySelectorAll("[data-always]")) always.hidden = words.length > 0;
    found.textContent = words.length ? count + (count === 1 ? " entry" : " entries") : "";
  };
  const clear = () => { input.value = ""; search(); };
  box.hidden = false;
  fold();
  // /docs?q=hold is a search that can be sent to somebody.
  input.value = new URLSearchParams(location.search).get("q") || "";
  if (input.value) search();
  narrow.addEventListener("change", fold);
  input.addEventListener("input", () => { search(); if (input.value) scrollTo(0, 0); });
  document.addEventListener("keydown", event => {
    if (event.key === "/" && document.activeElement !== input && !event.ctrlKey && !event.metaKey) { event.preventDefault(); input.focus(); }
    if (event.key === "Escape" && input.value) { clear(); input.focus(); }
  });
  // A link to what the search hides shows everything again.
  addEventListener("hashchange", () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.closest("[hidden]")) { clear(); target.scrollIntoView(); }
    if (narrow.matches) contents.open = false;
  });
})();
