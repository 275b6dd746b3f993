// The console's own script: small, and every page works without it.
"use strict";

// A choice that is sent at once where scripts run; without them its button sends it.
document.addEventListener("change", (event) => {
  if (event.target.matches("select[data-submit]")) event.target.form.requestSubmit();
});

// A session that ended: what htmx or the stream asked for is answered with 401.
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401 && document.body.dataset.signIn) location.assign(document.body.dataset.signIn);
});
