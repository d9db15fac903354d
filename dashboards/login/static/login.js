// The log-in pages work without this file; it adds "show password", the countdown and reads the code of a link.
"use strict";

(() => {
  const ready = () => {
    reveal();
    countdown();
    linkSecret();
    keepFragment();
  };

  function reveal() {
    for (const button of document.querySelectorAll("[data-reveal]")) {
      const input = document.getElementById(button.dataset.reveal);
      button.hidden = false;
      button.addEventListener("click", () => {
        const shown = input.type === "text";
        input.type = shown ? "password" : "text";
        button.textContent = shown ? "Show" : "Hide";
        button.setAttribute("aria-pressed", String(!shown));
        button.setAttribute("aria-label", shown ? "Show password" : "Hide password");
        input.focus();
      });
      button.setAttribute("aria-label", "Show password");
      // Submitted as a password again, so that password managers recognise it.
      input.form.addEventListener("submit", () => { input.type = "password"; });
    }
  }

  function countdown() {
    const place = document.getElementById("countdown");
    const submit = document.getElementById("submit");
    if (!place || !submit) return;
    const until = Date.now() + Number(place.dataset.seconds) * 1000;
    submit.disabled = true;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
      place.textContent = left >= 60 ? `${Math.floor(left / 60)} min ${left % 60} s` : `${left} s`;
      if (left > 0) return void setTimeout(tick, 250);
      submit.disabled = false;
      place.closest("p").textContent = "You can try again now.";
    };
    tick();
  }

  // The code stands behind the #, which browsers do not send, so that it is in no log. Going on only asks whom it is for.
  function linkSecret() {
    const input = document.getElementById("secret");
    const given = location.hash.slice(1);
    if (!input || !given) return;
    history.replaceState(null, "", location.pathname);
    input.value = given;
    input.form.requestSubmit();
  }

  // Pages keep nothing behind the #, but a link somebody pasted may; it survives the detour.
  function keepFragment() {
    const next = document.getElementById("next");
    if (next && location.hash && !next.value.includes("#")) next.value += location.hash;
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
