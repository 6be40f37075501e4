/*
 * The model the next message goes to, and how to choose another one. It lives beside the text and never touches it.
 */
import { useEffect, useRef, useState } from "react";
import { ChevronDown } from "./chat/icons.jsx";
import { ModelList } from "./chat/model-list.jsx";
import { setModels } from "./chat/models.js";

export function ModelPicker({ models = [], current = "", onChoose }) {
  const [open, setOpen] = useState(false);
  const opener = useRef(null);
  useEffect(() => setModels(models), [models]);
  const chosen = models.find((model) => model.id === current);
  const name = chosen?.name ?? current.split("/").slice(1).join("/");
  return (
    <>
      <button
        ref={opener}
        type="button"
        className="model-button"
        data-testid="model-picker"
        data-model={current}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-label={`Model: ${name || "none"}`}
        title={chosen?.group}
        onClick={() => setOpen(!open)}
      >
        <span>{name || "Choose a model"}</span>
        {chosen && !chosen.available ? <span className="model-away">not answering</span> : null}
        <ChevronDown size={15} />
      </button>
      {open ? (
        <ModelList
          models={models}
          current={current}
          opener={opener}
          onChoose={onChoose}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </>
  );
}
