"use strict";
// What htmx leaves to the page: to say what went wrong, and that something is under way.
(() => {
  const trouble = () => document.getElementById("trouble");

  const say = (sentence) => {
    const place = trouble();
    if (!place) return;
    place.textContent = sentence;
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  };

  // A problem's page is never put in the place of an answer; its sentence is told.
  const sentenceOf = (text) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    return page.querySelector("main .lead")?.textContent.trim();
  };

  const target = (event) => event.detail.ctx?.target;

  document.addEventListener("htmx:before:request", (event) => {
    if (target(event) instanceof Element) target(event).setAttribute("aria-busy", "true");
  });

  document.addEventListener("htmx:after:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.response.status < 400) {
      if (trouble()) trouble().hidden = true;
      return;
    }
    event.preventDefault();
    say(sentenceOf(ctx.text) || `The server answered with status ${ctx.response.status}.`);
  });

  document.addEventListener("htmx:error", () => say("The server does not answer."));

  document.addEventListener("htmx:finally:request", (event) => {
    if (target(event) instanceof Element) target(event).removeAttribute("aria-busy");
  });
})();
