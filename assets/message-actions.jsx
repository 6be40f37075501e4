/*
 * What can be done with a message, and what it cost: shown when it is settled, on hover, focus and tap, and always
 * under the last answer.
 */
import { memo, useEffect, useRef, useState } from "react";
import { emit, sameValues } from "./chat/bus.js";
import { useCopy } from "./chat/clipboard.js";
import * as Icons from "./chat/icons.jsx";
import { ModelList } from "./chat/model-list.jsx";
import { useModels } from "./chat/models.js";
import { streamedText } from "./chat/stream.js";

function Button({ label, children, ...rest }) {
  return (
    <button type="button" className="action" aria-label={label} title={label} {...rest}>
      {children}
    </button>
  );
}

/** The moment in the reader's own zone; formatted in the browser, which alone knows it. */
function Moment({ at }) {
  const [local, setLocal] = useState({ short: "", full: "" });
  useEffect(() => {
    const date = new Date(at);
    if (Number.isNaN(date.getTime())) return;
    const today = date.toDateString() === new Date().toDateString();
    const short = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
    setLocal({
      short: new Intl.DateTimeFormat(undefined, short).format(date),
      full: new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" }).format(date),
    });
  }, [at]);
  return (
    <time dateTime={at} title={local.full} tabIndex={0} aria-label={local.full}>
      {local.short}
    </time>
  );
}

function Branches({ index, count, previousId, nextId, onSelect }) {
  if (count < 2) return null;
  return (
    <span className="branches" data-testid="branches">
      <Button label="Previous version" disabled={!previousId} onClick={() => onSelect(previousId)}>
        <Icons.ChevronLeft />
      </Button>
      <span aria-label={`Version ${index} of ${count}`}>{`${index} / ${count}`}</span>
      <Button label="Next version" disabled={!nextId} onClick={() => onSelect(nextId)}>
        <Icons.ChevronRight />
      </Button>
    </span>
  );
}

/** Shown at once; the server keeps it. */
function Rating({ messageId, stored, onRate }) {
  const [rating, setRating] = useState(stored);
  useEffect(() => setRating(stored), [stored]);
  const rate = (value) => {
    const next = rating === value ? "" : value;
    setRating(next);
    onRate(messageId, next);
  };
  return (
    <>
      <Button label="Good answer" aria-pressed={rating === "up"} onClick={() => rate("up")}>
        <Icons.ThumbUp />
      </Button>
      <Button label="Bad answer" aria-pressed={rating === "down"} onClick={() => rate("down")}>
        <Icons.ThumbDown />
      </Button>
    </>
  );
}

function Retry({ messageId, model, onRetry }) {
  const [open, setOpen] = useState(false);
  const opener = useRef(null);
  const models = useModels();
  const current = models.find((each) => each.name === model)?.id ?? "";
  return (
    <span className="retry">
      <Button label="Retry" onClick={() => onRetry(messageId, "")} data-testid="retry">
        <Icons.Retry />
      </Button>
      <button
        ref={opener}
        type="button"
        className="action narrow"
        aria-label="Retry with another model"
        title="Retry with another model"
        aria-haspopup="listbox"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icons.ChevronDown size={14} />
      </button>
      {open ? (
        <ModelList
          models={models}
          current={current}
          opener={opener}
          onChoose={(chosen) => onRetry(messageId, chosen)}
          onClose={() => setOpen(false)}
        />
      ) : null}
    </span>
  );
}

export const MessageActions = memo(function MessageActions(props) {
  const { messageId, role, status, text, generationId, model, usage, rating, createdAt, truncated } = props;
  const [copied, copy] = useCopy();
  if (status === "streaming") return null;
  const answer = role === "assistant";
  const written = text || streamedText(generationId);
  const nothing = answer && status === "failed" && !written; // it failed before its first word: there is only Retry
  const continues = answer && !nothing && (truncated || status === "stopped" || status === "failed");
  return (
    <div className="actions" role="group" aria-label="Message actions">
      <Branches
        index={props.siblingIndex}
        count={props.siblingCount}
        previousId={props.previousId}
        nextId={props.nextId}
        onSelect={props.onSelect}
      />
      {nothing ? null : (
        <Button label={copied ? "Copied" : "Copy"} onClick={() => copy(text || streamedText(generationId))} data-testid="copy">
          {copied ? <Icons.Check /> : <Icons.Copy />}
        </Button>
      )}
      {answer ? (
        <>
          {nothing ? null : <Rating messageId={messageId} stored={rating} onRate={props.onRate} />}
          <Retry messageId={messageId} model={model} onRetry={props.onRetry} />
        </>
      ) : (
        <Button label="Edit" onClick={() => emit("edit", messageId)} data-testid="edit-message">
          <Icons.Pencil />
        </Button>
      )}
      {continues && props.last ? (
        <button type="button" className="action worded" onClick={() => props.onContinue(messageId)} data-testid="continue">
          <Icons.Play size={15} />
          Continue
        </button>
      ) : null}
      <span className="facts">
        {usage ? <span className="usage">{usage}</span> : null}
        <Moment at={createdAt} />
      </span>
    </div>
  );
}, sameValues);
