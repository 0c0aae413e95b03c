// Stands in for Stripe's script in tests: the calls that our page makes of it, as documented at docs.stripe.com/js, with
// plain fields. What it is given and does not know is an error, as it is to the real one.
(() => {
  const base = new URL(document.currentScript.src).origin;
  const only = (given, known) => {
    for (const name of Object.keys(given)) if (!known.includes(name)) throw new Error(`unknown option ${name}`);
  };

  function makeElements(options) {
    only(options, ["mode", "amount", "currency", "allowedPaymentMethodTypes", "appearance"]);
    if (options.mode !== "payment" || !Number.isInteger(options.amount) || options.amount < 1) throw new Error("amount");
    if (!/^[a-z]{3}$/.test(options.currency)) throw new Error("currency");
    let fields = null;
    return {
      options,
      create(kind, settings = {}) {
        if (kind !== "payment" || fields) throw new Error("one payment element");
        only(settings, ["wallets"]);
        const heard = {};
        fields = { on: (name, listener) => (heard[name] = listener), mount: (node) => mount(node, heard) };
        return fields;
      },
      update({ amount }) {
        options.amount = amount;
      },
      async submit() {
        this.isSubmitted = value("number").length === 16 && value("exp").length > 0 && value("cvc").length > 0;
        document.querySelector("[data-stripe=fault]").textContent = this.isSubmitted ? "" : "Your card is incomplete.";
        return this.isSubmitted ? {} : { error: { type: "validation_error", message: "Your card is incomplete." } };
      },
    };
  }

  const value = (name) => document.querySelector(`[data-stripe=${name}]`).value.replaceAll(" ", "");

  function mount(node, heard) {
    for (const [name, label] of [["number", "Card number"], ["exp", "MM/YY"], ["cvc", "CVC"]]) {
      const field = document.createElement("label");
      field.className = "field";
      field.append(label, Object.assign(document.createElement("input"), { className: "input", autocomplete: "off" }));
      field.querySelector("input").dataset.stripe = name;
      node.append(field);
    }
    const fault = document.createElement("p");
    fault.dataset.stripe = "fault";
    node.append(fault);
    setTimeout(() => heard.ready?.(), 50);
  }

  window.Stripe = (key, options = {}) => {
    if (!key.startsWith("pk_")) throw new Error("a publishable key");
    only(options, ["locale"]);
    return {
      elements: makeElements,
      async createConfirmationToken({ elements, params }) {
        if (!elements.isSubmitted) throw new Error("elements.submit() comes first");
        elements.isSubmitted = false;
        only(params, ["payment_method_data", "return_url"]);
        const body = new URLSearchParams({ number: value("number"), cvc: value("cvc"), name: params.payment_method_data.billing_details.name });
        const answer = await fetch(`${base}/_config/confirmation_tokens`, { method: "POST", body });
        const token = await answer.json();
        return token.error ? { error: token.error } : { confirmationToken: token };
      },
    };
  };
})();
