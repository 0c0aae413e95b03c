/** Asks before a form with `data-confirm`, or by a button with it, is sent, whoever else listens to it; without a yes nobody does. */
addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.confirm ?? event.target.dataset.confirm;
  if (!question || confirm(question)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
