/// The search of a page: names first, then options, then words of summaries. "/" leads there.
enum DocumentationSearch {
  static let text = #"""

    const box = document.getElementById("search"), found = document.getElementById("found");
    const all = JSON.parse(document.getElementById("names").textContent), root = document.body.dataset.root;
    function rank([name, , summary, options], word) {
      const lower = name.toLowerCase(), last = lower.split(/[.:]/).pop();
      if (lower === word || last === word) return 0;
      if (last.startsWith(word)) return 1;
      if (lower.includes(word)) return 2;
      if (options.split(" ").includes(word)) return 3;
      return options.includes(word) || summary.toLowerCase().includes(word) ? 4 : 99;
    }
    function search() {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      const best = !words.length ? [] : all
        .map(entry => [Math.max(...words.map(word => rank(entry, word))), entry])
        .filter(([place]) => place < 99)
        .sort((a, b) => a[0] - b[0] || a[1][0].length - b[1][0].length)
        .slice(0, 40);
      found.replaceChildren(...best.map(([, [name, address, summary]]) => {
        const item = document.createElement("li"), link = item.appendChild(document.createElement("a"));
        link.href = root + address;
        link.appendChild(document.createElement("code")).textContent = name;
        link.append(" " + summary);
        return item;
      }));
      if (words.length && !best.length) found.textContent = "Nothing has this name or word.";
      found.hidden = !words.length;
    }
    box.addEventListener("input", search);
    box.addEventListener("keydown", event => {
      if (event.key === "Enter") found.querySelector("a")?.click();
      if (event.key === "ArrowDown") { event.preventDefault(); found.querySelector("a")?.focus(); }
    });
    found.addEventListener("keydown", event => {
      const way = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
      if (!way) return;
      event.preventDefault();
      (event.target.parentElement[way]?.firstChild ?? box).focus();
    });
    found.addEventListener("click", () => { found.hidden = true; });
    document.addEventListener("keydown", event => {
      if (event.key === "/" && document.activeElement !== box) { event.preventDefault(); box.focus(); }
      if (event.key === "Escape") { box.value = ""; search(); }
    });
    document.querySelector("nav [aria-current]")?.scrollIntoView({ block: "nearest" });

    """#
}
