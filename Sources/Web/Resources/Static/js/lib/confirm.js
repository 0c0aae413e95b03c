/** Asks before a form with `data-confirm` is sent, whoever else listens to it; without a yes nobody does. */
addEventListener("submit", (event) => {
  const question = event.target.dataset.confirm;
  if (!question || confirm(question)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);
