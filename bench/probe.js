/*
 * Runs in every page of the benchmark, before the page's own scripts.
 *
 * It notes when each numbered word of an answer ("t0042") is in the document, when Enter was pressed, and when what a
 * measurement waits for was painted. It looks only at what changed, so that it costs little itself.
 */
(() => {
  const PATIENCE_MS = 20_000;
  const NUMBERED = /\bt(\d{4})\b/g;
  const epoch = (at = performance.now()) => performance.timeOrigin + at;
  const probe = { seen: [], highest: -1, enterAt: 0, marks: {} };
  window.__bench = probe;

  const textsOf = (record) =>
    record.type === "characterData" ? [record.target.data] : Array.from(record.addedNodes, (node) => node.textContent);

  function look(records) {
    let highest = probe.highest;
    for (const record of records)
      for (const text of textsOf(record))
        for (const found of text.matchAll(NUMBERED)) highest = Math.max(highest, Number(found[1]));
    if (highest === probe.highest) return;
    probe.highest = highest;
    probe.seen.push([highest, epoch()]);
  }

  const painted = () =>
    new Promise((resolve) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel(); // its message is handled after the frame
        channel.port1.onmessage = () => resolve(performance.now());
        channel.port2.postMessage(0);
      }),
    );

  async function once(isThere, patience = Infinity) {
    const began = performance.now();
    while (!isThere()) {
      if (performance.now() - began > patience) throw new Error("It did not show.");
      await new Promise(requestAnimationFrame);
    }
    return painted();
  }

  const find = (selector) => () => document.querySelector(selector) !== null;

  function isInView(words) {
    const last = Array.from(document.querySelectorAll('[data-testid="message"]')).at(-1);
    if (!last?.textContent.includes(words)) return false;
    const box = last.getBoundingClientRect();
    return box.height > 0 && box.top < innerHeight && box.bottom > 0 && box.bottom <= innerHeight;
  }

  probe.reset = () => Object.assign(probe, { seen: [], highest: -1, enterAt: 0 });

  /** Click the row of a conversation; return the milliseconds until its last message is painted in view. */
  probe.openConversation = async (id, words) => {
    const row = document.querySelector(`a[data-id="${id}"]`);
    const began = performance.now();
    row.click();
    return (await once(() => isInView(words), PATIENCE_MS)) - began;
  };

  /** How far the page's clock is from the system's, in milliseconds: it may drift apart after the start. */
  probe.skew = () => {
    const before = Date.now();
    let now = before;
    while (now === before) now = Date.now();
    return now - epoch();
  };

  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter") probe.enterAt = epoch(event.timeStamp);
    },
    { capture: true },
  );
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  for (const [name, selector] of Object.entries({
    composer: '[data-testid="composer"]',
    rows: '[data-testid="conversation-row"]',
  }))
    once(find(selector)).then((at) => (probe.marks[name] = at));
})();
