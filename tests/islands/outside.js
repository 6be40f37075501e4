// Lets Node load islands: what they import from packages and from Reflex's own files is not there, and not called.
import { registerHooks } from "node:module";

const NAMES =
  `createContext createElement createParser createPortal findAndReplace memo useCallback useContext useEffect useEffectEvent useId useLayoutEffect
  useMemo useRef useState useSyncExternalStore visit EventSourceParserStream`.split(/\s+/);
const OUTSIDE = `data:text/javascript,export const ${NAMES.map((name) => `${name} = () => undefined`).join(", ")}; export default undefined;`;

registerHooks({
  resolve: (name, context, next) => (/^[./]|^(node|file|data):/.test(name) ? next(name, context) : { url: OUTSIDE, shortCircuit: true }),
});
