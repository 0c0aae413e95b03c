const digits = (text) => text.replace(/\D/g, "");

/** `4242 4242 4242 4242`. */
export const groupNumber = (text) => digits(text).slice(0, 19).replace(/(.{4})(?=.)/g, "$1 ");

/** `08/29` from `829`, `0829`, `08/2029`. */
export function groupExpiry(text) {
  let value = digits(text);
  if (/^[2-9]/.test(value)) value = `0${value}`;
  if (value.length === 6) value = value.slice(0, 2) + value.slice(4);
  return value.length > 2 ? `${value.slice(0, 2)}/${value.slice(2, 4)}` : value;
}

/** Luhn's check: catches a mistyped digit before anyone is asked. */
function isCardNumber(number) {
  if (!/^\d{12,19}$/.test(number)) return false;
  const sum = [...number].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/** The card as a provider takes it, and what is wrong with it by field. */
export function readCard({ number, expiry, cvc }, now = new Date()) {
  const card = { number: digits(number), cvc: digits(cvc) };
  const [month, year] = groupExpiry(expiry).split("/").map(Number);
  card.expMonth = month;
  card.expYear = 2000 + (year || 0);
  const faults = {};
  if (!isCardNumber(card.number)) faults.number = "badNumber";
  const over = card.expYear * 12 + month <= now.getFullYear() * 12 + now.getMonth();
  if (!(month >= 1 && month <= 12) || !year || over) faults.expiry = "badExpiry";
  if (!/^\d{3,4}$/.test(card.cvc)) faults.cvc = "badCvc";
  return { card, faults };
}
