//! Reads what `strace -f -y -xx` wrote: system calls in the order the kernel began and ended them.
//!
//! strace stops every thread at both ends of a call, and writes lines in the order of these stops, so a call that
//! ends on an earlier line than another begins has surely ended before it. A call that another thread's line
//! interrupts is split in two: `<unfinished ...>` and `<... name resumed>`.

use std::collections::BTreeMap;

/// One call that ended.
#[derive(Debug)]
pub struct Call {
    pub name: String,
    /// The file its first argument stands for.
    pub file: String,
    /// The bytes of its second argument, if that is text.
    pub bytes: Vec<u8>,
    pub result: String,
    /// Lines on which it began and ended.
    pub began: usize,
    pub ended: usize,
}

/// All calls that ended, in the order they began.
pub fn parse(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut unfinished: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for (line_number, line) in trace.lines().enumerate() {
        let Some((thread, event)) = line.split_once(char::is_whitespace) else { continue };
        let event = event.trim_start();
        if let Some(begun) = event.strip_suffix(" <unfinished ...>") {
            unfinished.insert(thread, (line_number, begun.to_owned()));
        } else if let Some((_, rest)) = event.strip_prefix("<... ").and_then(|e| e.split_once(" resumed>")) {
            let (began, text) = unfinished.remove(thread).expect("a call resumes that was begun");
            calls.extend(parse_call(&(text + rest), began, line_number));
        } else {
            calls.extend(parse_call(event, line_number, line_number));
        }
    }
    calls.sort_by_key(|call| call.began);
    calls
}

/// Takes `name(5</path/of/file>, "bytes", ...) = result` apart; other lines (signals, exits) are nothing.
fn parse_call(text: &str, began: usize, ended: usize) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let file = arguments.split_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or("", |(file, _)| file);
    let bytes = arguments.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map_or("", |(bytes, _)| bytes);
    let file = String::from_utf8(unhex(file)).expect("the paths of these tests are UTF-8");
    Some(Call { name: name.to_owned(), file, bytes: unhex(bytes), result: result.to_owned(), began, ended })
}

/// Decodes the form that `-xx` gives texts and paths, `\x41\x42`.
fn unhex(text: &str) -> Vec<u8> {
    text.split("\\x").skip(1).map(|hex| u8::from_str_radix(hex, 16).expect("two hex digits")).collect()
}
