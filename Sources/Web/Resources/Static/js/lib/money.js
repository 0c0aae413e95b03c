import { language } from "./strings.js";

const formats = new Map();

/** Rupees group as 1,00,000; other currencies as the reader's language does. */
function format(currency) {
  if (!formats.has(currency)) {
    const locale = currency === "INR" ? `${language}-IN-u-nu-latn` : `${language}-u-nu-latn`;
    formats.set(
      currency,
      new Intl.NumberFormat(locale, { style: "currency", currency, trailingZeroDisplay: "stripIfInteger" }),
    );
  }
  return formats.get(currency);
}

/** `{minor, currency}` as people write it. Minor units are at most 10¹², so a double holds them exactly. */
export function money({ minor, currency }) {
  const formatter = format(currency);
  return formatter.format(minor / 10 ** formatter.resolvedOptions().maximumFractionDigits);
}
