"use strict";

// Search, sorting, pages and copying. Without this script the page shows the first rows of each
// table; with it, all rows from the data element. Texts become text nodes, never markup.
{
  const PAGE = 100;
  const [VALUES, CURE] = [3, 5]; // the columns that always say something; the one in pieces
  const data = JSON.parse(document.getElementById("data").textContent);
  const collator = new Intl.Collator("en", { numeric: true });
  const count = (number) => number.toLocaleString("en-US");

  // Upper and lower case, accents and the four Turkish kinds of i are one and the same to a search.
  const folded = (text) =>
    text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ı", "i");

  const number = (text) => (text === "" ? NaN : Number(text.replace("−", "-")));

  function compared(one, other, column) {
    const [a, b] = [one[column], other[column]].map((cell) =>
      column === CURE ? cell.join("") : cell
    );
    const [x, y] = [number(a), number(b)];
    if (Number.isNaN(x) && Number.isNaN(y)) return collator.compare(a, b);
    return Number.isNaN(x) ? 1 : Number.isNaN(y) ? -1 : x - y;
  }

  function isolated(text) {
    const element = document.createElement("bdi");
    element.textContent = text;
    return element;
  }

  function command(text) {
    const element = document.createElement("code");
    element.className = "command";
    element.textContent = text;
    return element;
  }

  function offerCopies(within) {
    for (const code of within.querySelectorAll("code.command")) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = "Copy";
      button.setAttribute("aria-label", `Copy: ${code.textContent}`);
      code.after(button);
    }
  }

  async function copy(button) {
    const code = button.previousElementSibling;
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  }

  class Table {
    constructor(section) {
      this.section = section;
      this.entries = data[section.dataset.kind].map((row) => ({
        row,
        haystack: folded(row.flat().join("\n")),
      }));
      this.found = this.entries;
      this.words = [];
      this.first = 0;
      this.body = section.querySelector("tbody");
      this.title = section.querySelector("h3").firstChild.textContent.trim();
      if (!this.body) return;
      this.empty = section.querySelector("template").content.firstElementChild;
      section.querySelectorAll("thead th").forEach((head) => this.makeSortable(head));
      this.previous = this.pageButton(".previous", -PAGE);
      this.next = this.pageButton(".next", PAGE);
    }

    makeSortable(head) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      button.addEventListener("click", () => this.sort(head));
      head.replaceChildren(button);
    }

    pageButton(selector, step) {
      const button = this.section.querySelector(selector);
      button?.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        this.first += step;
        this.show();
        this.section.scrollIntoView({ block: "start" });
        say(`${this.title}: ${this.range()}`);
      });
      return button;
    }

    sort(head) {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of head.parentElement.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const column = Number(head.dataset.column);
      const sign = down ? -1 : 1;
      this.entries.sort((one, other) => compared(one.row, other.row, column) * sign);
      this.search(this.words);
    }

    search(words) {
      if (!this.body) return;
      this.words = words;
      this.found = this.entries.filter(({ haystack }) =>
        words.every((word) => haystack.includes(word))
      );
      this.first = 0;
      this.show();
    }

    range() {
      const last = Math.min(this.first + PAGE, this.found.length);
      return `${count(Math.min(this.first + 1, last))}–${count(last)} of ${count(this.found.length)}`;
    }

    show() {
      const rows = this.found.slice(this.first, this.first + PAGE);
      this.body.replaceChildren(...rows.map(({ row }) => this.filled(row)));
      offerCopies(this.body);
      this.section.querySelector("table").hidden = rows.length === 0;
      this.section.querySelector(".no-match").hidden = rows.length > 0;
      const all = count(this.entries.length);
      this.section.querySelector(".count").textContent = this.words.length
        ? `${count(this.found.length)} of ${all}`
        : all;
      this.showPager();
    }

    showPager() {
      if (!this.next) return;
      this.section.querySelector(".range").textContent = this.range();
      for (const button of [this.previous, this.next]) {
        button.hidden = this.found.length <= PAGE;
      }
      this.previous.setAttribute("aria-disabled", String(this.first === 0));
      this.next.setAttribute("aria-disabled", String(this.first + PAGE >= this.found.length));
    }

    filled(row) {
      const element = this.empty.cloneNode(true);
      row.forEach((value, column) => {
        const cell = element.querySelector(`.c${column}`);
        if (!cell) return;
        const shown = column < VALUES ? value || "–" : value;
        const parts = column === CURE ? shown : [shown];
        const pieces = parts.map((part, index) => (index % 2 ? command(part) : isolated(part)));
        cell.replaceChildren(...pieces.filter((piece) => piece.textContent));
      });
      return element;
    }
  }

  const found = document.querySelector(".found");
  const say = (text) => (found.textContent = text);

  function enliven(form) {
    const tables = [...document.querySelectorAll(".kind")].map((section) => new Table(section));
    tables.forEach((table) => table.showPager());
    const sum = (list) => tables.reduce((total, table) => total + table[list].length, 0);
    form.hidden = false;
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", () => {
      const words = folded(form.querySelector("input").value).split(/\s+/).filter(Boolean);
      tables.forEach((table) => table.search(words));
      say(words.length ? `${count(sum("found"))} of ${count(sum("entries"))} differences match.` : "");
    });
  }

  offerCopies(document.querySelector("main"));
  const form = document.querySelector("form.search");
  if (form) enliven(form);
  document.querySelector("main").addEventListener("click", (event) => {
    if (event.target.matches("button.copy")) copy(event.target);
  });
  addEventListener("beforeprint", () => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}
