const rows = 15;
const columns = 32;

/** Where a preamble's row is, by the first byte of the code; the second row where the second byte says so. */
const preambleRows = { 0x10: [11, 11], 0x11: [1, 2], 0x12: [3, 4], 0x13: [12, 13], 0x14: [14, 15], 0x15: [5, 6], 0x16: [7, 8], 0x17: [9, 10] };

/** Where CEA-608's basic set is not ASCII. */
const basic = { 0x27: "’", 0x2a: "á", 0x5c: "é", 0x5e: "í", 0x5f: "ó", 0x60: "ú", 0x7b: "ç", 0x7c: "÷", 0x7d: "Ñ", 0x7e: "ñ", 0x7f: "█" };
const special = "®°½¿™¢£♪à\u00a0èâêîôû";
const extended = {
  0x12: "ÁÉÓÚÜü‘¡*'—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»",
  0x13: "ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤¦ÅåØø┌┐└┘",
};

const isOdd = (byte) => {
  let bits = byte;
  bits ^= bits >> 4;
  bits ^= bits >> 2;
  bits ^= bits >> 1;
  return (bits & 1) === 1;
};

const blank = () => Array.from({ length: rows + 1 }, () => null);

/**
 * Decodes the first caption channel (CC1) of CEA-608 (ANSI/CTA-608-E), two bytes a frame: pop-on, roll-up and paint-on.
 * Pure, and takes anything: what it does not know, and what a bad line has garbled, is left out.
 *
 * Tells `onscreen(text, isTyped)` when what is on screen has changed: the lines from top to bottom, empty for none;
 * `isTyped` where it comes a letter at a time.
 */
export class CEA608 {
  #mode = null;
  #shown = blank();
  #hidden = blank();
  #row = rows;
  #column = 0;
  #height = 2;
  #isOurs = false;
  #last = 0;
  #told = "";

  onscreen = () => {};

  /** Two bytes of field 1, with their parity bits. */
  take(first, second) {
    const [one, two] = [first & 0x7f, second & 0x7f];
    if (one >= 0x10 && one < 0x20) {
      if (!isOdd(first) || !isOdd(second) || two < 0x20) return;
      // Each code is sent twice, so that one may be lost.
      const code = (one << 8) | two;
      const isAgain = code === this.#last;
      this.#last = isAgain ? 0 : code;
      if (!isAgain) this.#control(one, two);
    } else if (one >= 0x20) {
      this.#last = 0;
      if (this.#isOurs && this.#mode) {
        this.#write(isOdd(first) ? letter(one) : "█");
        if (two >= 0x20) this.#write(isOdd(second) ? letter(two) : "█");
      }
    }
    this.#tell();
  }

  #control(one, two) {
    // 0x18 and above are the second channel's; what comes then is its own, until the first speaks again.
    this.#isOurs = one < 0x18;
    if (!this.#isOurs) return;
    if (two >= 0x40) this.#preamble(one, two);
    else if ((one === 0x14 || one === 0x15) && two < 0x30) this.#command(two);
    else if (one === 0x17 && two >= 0x21 && two <= 0x23) this.#column = Math.min(columns - 1, this.#column + two - 0x20);
    else if (!this.#mode) return;
    else if (one === 0x11 && two >= 0x30) this.#write(special[two - 0x30]);
    // A change of style takes a place of its own.
    else if (one === 0x11) this.#write(" ");
    else if (extended[one]) {
      // It stands for the plainer letter that was sent before it.
      this.#column = Math.max(0, this.#column - 1);
      this.#write(extended[one][two - 0x20]);
    }
  }

  #preamble(one, two) {
    const row = preambleRows[one][two & 0x20 ? 1 : 0];
    if (this.#mode === "roll" && row !== this.#row) this.#move(row);
    this.#row = row;
    this.#column = two & 0x10 ? ((two & 0x0e) >> 1) * 4 : 0;
  }

  /** The lines that roll go with their last. */
  #move(row) {
    const lines = this.#shown.slice(Math.max(1, this.#row - this.#height + 1), this.#row + 1);
    this.#shown = blank();
    lines.reverse().forEach((line, at) => {
      if (row - at > 0) this.#shown[row - at] = line;
    });
  }

  #command(code) {
    switch (code) {
      case 0x20:
        this.#mode = "pop";
        break;
      case 0x21:
        this.#column = Math.max(0, this.#column - 1);
        this.#put(null);
        break;
      case 0x24: {
        const line = this.#memory[this.#row];
        if (line) line.length = Math.min(line.length, this.#column);
        break;
      }
      case 0x25:
      case 0x26:
      case 0x27:
        if (this.#mode !== "roll") [this.#shown, this.#hidden, this.#row] = [blank(), blank(), rows];
        this.#mode = "roll";
        this.#height = code - 0x23;
        this.#column = 0;
        break;
      case 0x29:
        this.#mode = "paint";
        break;
      case 0x2a:
      case 0x2b:
        // Text that is no caption.
        this.#mode = null;
        break;
      case 0x2c:
        this.#shown = blank();
        break;
      case 0x2d:
        if (this.#mode === "roll") this.#roll();
        break;
      case 0x2e:
        this.#hidden = blank();
        break;
      case 0x2f:
        [this.#shown, this.#hidden, this.#mode] = [this.#hidden, this.#shown, "pop"];
        break;
      default:
        break;
    }
  }

  #roll() {
    const top = Math.max(1, this.#row - this.#height + 1);
    this.#shown.splice(top, 1);
    this.#shown.splice(this.#row, 0, null);
    this.#shown.length = rows + 1;
    for (let row = 1; row < top; row += 1) this.#shown[row] = null;
    this.#column = 0;
  }

  get #memory() {
    return this.#mode === "pop" ? this.#hidden : this.#shown;
  }

  #write(character) {
    this.#put(character);
    this.#column = Math.min(columns - 1, this.#column + 1);
  }

  #put(character) {
    const memory = this.#memory;
    memory[this.#row] ??= [];
    memory[this.#row][this.#column] = character;
  }

  #tell() {
    const lines = this.#shown.filter(Boolean).map((line) => Array.from(line, (letter) => letter ?? " ").join("").trim());
    const text = lines.filter(Boolean).join("\n");
    if (text === this.#told) return;
    this.#told = text;
    this.onscreen(text, this.#mode !== "pop");
  }
}

const letter = (code) => basic[code] ?? String.fromCharCode(code);
