/*
 * The empty conversation: a greeting by the hour of the reader's own clock, and a few ways to begin.
 */
import { useEffect, useRef, useState } from "react";
import { emit } from "./chat/bus.js";

function greetingAt(hour) {
  if (hour < 5) return "Still up";
  if (hour < 12) return "Good morning";
  if (hour < 18) return "Good afternoon";
  return "Good evening";
}

const LOOK_AGAIN_MS = 15000;

/** While there is no model somebody is probably starting one: ask again as long as the page is looked at. */
function useLookingAgain(waiting, onLook) {
  const look = useRef(onLook);
  useEffect(() => {
    look.current = onLook;
  });
  useEffect(() => {
    if (!waiting) return undefined;
    const timer = setInterval(() => document.visibilityState === "visible" && look.current?.(), LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [waiting]);
}

export function Welcome({ name, suggestions = [], waiting = false, onLook, children }) {
  const [greeting, setGreeting] = useState("Hello");
  useEffect(() => setGreeting(greetingAt(new Date().getHours())), []);
  useLookingAgain(waiting, onLook);
  return (
    <div className="welcome">
      <h1>{name ? `${greeting}, ${name}` : greeting}</h1>
      {children}
      <ul className="suggestions">
        {suggestions.map((suggestion) => (
          <li key={suggestion.title}>
            <button type="button" onClick={() => emit("fill", suggestion.text)} data-testid="suggestion">
              <strong>{suggestion.title}</strong>
              <span>{suggestion.text}</span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
