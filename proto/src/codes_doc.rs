//! The codes' documentation page and the web client's constants, made from the table in [`codes`](crate::codes).
//!
//! `tests/codes_pages_are_up_to_date.rs` compares both with what is committed, and rewrites them when blessed.

use std::fmt::Write as _;

use crate::codes::{CloseCode, ErrorCode};

const PAGE_HEAD: &str = "\
# Codes

<!-- Generated from proto/src/codes.rs; rewrite with `CHASQUI_BLESS=1 cargo test -p chasqui-proto`. -->

A command that is refused is answered by an error with a number in HTTP's families, a stable name, a sentence and a
retry flag. Programs decide by name; the number is the family, for names they don't know. `retry` says whether the
same command may succeed later; `retryAfterMs`, where given, how much later. The connection stays open.

A connection that ends is closed with a code whose range says what to do: 4000 to 4099 reconnect, 4100 to 4199 stop.
The same numbers serve WebSocket close frames and WebTransport session closes. A retired number or name is never used
again.
";

const SCRIPT_HEAD: &str = "\
// Generated from proto/src/codes.rs; rewrite with `CHASQUI_BLESS=1 cargo test -p chasqui-proto`.
";

const SCRIPT_TAIL: &str = "
/** Whether a client should connect again after a close with this code. Codes below 4000 are the transport's own. */
export function shouldReconnect(code) {
  return code < 4100;
}
";

/// `docs/protocol/codes.md`.
pub fn codes_page() -> String {
    let mut page = format!("{PAGE_HEAD}\n## Errors\n\n| code | name | retry | meaning |\n|---|---|---|---|\n");
    for it in ErrorCode::ALL {
        let retry = if it.retry() { "yes" } else { "no" };
        put(&mut page, format_args!("| {} | `{}` | {retry} | {} |", it.code(), it.name(), it.sentence()));
    }
    page.push_str("\n## Close codes\n\n| code | name | then | meaning |\n|---|---|---|---|\n");
    for it in CloseCode::ALL {
        let then = if it.reconnect() { "reconnect" } else { "stop" };
        put(&mut page, format_args!("| {} | `{}` | {then} | {} |", it.code(), it.name(), it.sentence()));
    }
    page
}

/// `clients/web/codes.js`, an ES module.
pub fn codes_script() -> String {
    let mut script = format!("{SCRIPT_HEAD}\n/** Errors by name: number, and whether to send again. */\n");
    script.push_str("export const ERRORS = Object.freeze({\n");
    for it in ErrorCode::ALL {
        put(&mut script, format_args!("  {}: {{ code: {}, retry: {} }},", it.name(), it.code(), it.retry()));
    }
    script.push_str("});\n\n/** Close codes by name. */\nexport const CLOSE = Object.freeze({\n");
    for it in CloseCode::ALL {
        put(&mut script, format_args!("  {}: {},", it.name(), it.code()));
    }
    script.push_str(
        "});\n\n/** What a close code means, for people. */\nexport const CLOSE_SENTENCES = Object.freeze({\n",
    );
    for it in CloseCode::ALL {
        put(&mut script, format_args!("  {}: \"{}\",", it.code(), it.sentence()));
    }
    script.push_str("});\n");
    script + SCRIPT_TAIL
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    writeln!(text, "{line}").expect("writing to a string does not fail");
}
