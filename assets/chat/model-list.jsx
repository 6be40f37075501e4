/*
 * A searchable list of models in a popover, by connection; arrows, Home, End, Enter and Esc work in its search field.
 */
import { useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { Check, Search } from "./icons.jsx";

const GAP_PX = 8;

function matching(models, query) {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return models.filter((model) => words.every((word) => `${model.id} ${model.group}`.toLowerCase().includes(word)));
}

/** Close on a click elsewhere and on Esc; give the focus back to what opened it. */
function useDismissal(box, opener, onClose) {
  useEffect(() => {
    const outside = (event) => {
      if (!box.current?.contains(event.target) && !opener.current?.contains(event.target)) onClose();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  });
}

/** Above or below the opener, wherever there is more room, and inside the window. */
function usePlace(box, opener) {
  useLayoutEffect(() => {
    const place = () => {
      const at = opener.current.getBoundingClientRect();
      const element = box.current;
      const above = at.top > window.innerHeight - at.bottom;
      const room = (above ? at.top : window.innerHeight - at.bottom) - 2 * GAP_PX;
      const left = Math.min(at.left, window.innerWidth - element.offsetWidth - GAP_PX);
      element.style.maxHeight = `${Math.min(420, room)}px`;
      element.style.left = `${Math.max(GAP_PX, left)}px`;
      element.style.top = above ? "auto" : `${at.bottom + GAP_PX}px`;
      element.style.bottom = above ? `${window.innerHeight - at.top + GAP_PX}px` : "auto";
    };
    place();
    window.addEventListener("resize", place);
    return () => window.removeEventListener("resize", place);
  }, []);
}

export function ModelList({ models, current, opener, onChoose, onClose }) {
  const box = useRef(null);
  const id = useId();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(() => Math.max(0, models.findIndex((model) => model.id === current)));
  const shown = matching(models, query);
  const index = Math.min(at, shown.length - 1);
  const close = () => {
    onClose();
    opener.current?.focus({ preventScroll: true });
  };
  useDismissal(box, opener, onClose);
  usePlace(box, opener);
  useEffect(() => {
    box.current.querySelector('[data-active="true"]')?.scrollIntoView({ block: "nearest" });
  }, [index, query]);
  const choose = (model) => {
    if (!model) return;
    onChoose(model.id);
    close();
  };
  const moves = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: shown.length - 1 };
  const onKeyDown = (event) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key in moves) setAt(Math.max(0, Math.min(moves[event.key], shown.length - 1)));
    else if (event.key === "Enter") choose(shown[index]);
    else if (event.key === "Escape") close();
    else if (event.key === "Tab") onClose();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };
  return (
    <div className="model-list" ref={box}>
      <label className="model-search">
        <Search size={16} />
        <input
          autoFocus={!window.matchMedia("(pointer: coarse)").matches} // no keyboard over the list on a phone
          role="combobox"
          aria-label="Search models"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={shown[index] ? `${id}-${index}` : undefined}
          placeholder="Search models"
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKeyDown}
        />
      </label>
      <div role="listbox" id={id} aria-label="Models" className="model-options">
        {shown.map((model, position) => (
          <Option
            key={model.id}
            id={`${id}-${position}`}
            model={model}
            heading={position === 0 || shown[position - 1].group !== model.group}
            active={position === index}
            chosen={model.id === current}
            onPick={() => choose(model)}
            onPoint={() => setAt(position)}
          />
        ))}
        {shown.length === 0 ? <p className="model-none">No model has that in its name.</p> : null}
      </div>
    </div>
  );
}

function Option({ id, model, heading, active, chosen, onPick, onPoint }) {
  return (
    <>
      {heading ? (
        <div className="model-group" role="presentation">
          {model.group}
        </div>
      ) : null}
      <div
        id={id}
        role="option"
        aria-selected={chosen}
        data-active={active}
        className="model-option"
        onClick={onPick}
        onPointerMove={active ? undefined : onPoint}
      >
        <span className="model-name">{model.name}</span>
        {model.available ? null : <span className="model-away">not answering</span>}
        {model.context ? <span className="model-context">{model.context}</span> : null}
        <span className="model-check">{chosen ? <Check size={16} /> : null}</span>
      </div>
    </>
  );
}
