"use strict";
// Without this script the forms work as forms; with it the answer comes while a slider moves.
for (const form of document.querySelectorAll("form[data-part]")) {
  const part = form.dataset.part;
  const signed = new Intl.NumberFormat(document.documentElement.lang, { signDisplay: "exceptZero" });
  let timer, running;
  const ask = async () => {
    running?.abort();
    running = new AbortController();
    try {
      const answer = await fetch(form.action.split("#")[0], {
        method: "POST", body: new URLSearchParams(new FormData(form)), signal: running.signal,
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(part);
      // Signed out, or another error: the page that tells so.
      if (fresh === null) form.submit();
      else document.getElementById(part).replaceChildren(...fresh.childNodes);
    } catch (error) {
      if (error.name !== "AbortError") form.submit();
    }
  };
  form.addEventListener("input", () => {
    for (const told of form.querySelectorAll("output")) {
      told.value = signed.format(form.elements[told.htmlFor].value);
    }
    clearTimeout(timer);
    timer = setTimeout(ask, 250);
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
}
