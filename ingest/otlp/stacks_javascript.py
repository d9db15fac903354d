"""`error.stack` of JavaScript engines: V8 (Node, Chrome) and SpiderMonkey/JavaScriptCore (Firefox, Safari).

V8 begins with type and message and writes `    at function (file:line:column)`; the others have only lines of the form
`function@file:line:column`. Node's `util.inspect` adds `[cause]: Error: …`.
"""

from __future__ import annotations

import re

from ingest.otlp.stacks_common import Frame, ParsedException, ParsedStack, frame, outermost_last, place

_AT = re.compile(r"\s*at (.+?)\s*\{?$")
_LOCATION = re.compile(r"(.+?):(\d+)(?::(\d+))?$")
_EVAL = re.compile(r"eval at .{0,500}\(([^\s()]{1,500}?):(\d+):(\d+)\)+, ?")
_CAUSE = re.compile(r"\s*(?:\[cause\]:|Caused by:) ?(.*)$")
_TYPE = re.compile(r"(?:Uncaught (?:\(in promise\) )?)?([A-Za-z_$][\w$.]*)(?: \[[\w.]+\])?(?:: ?(.*))?$")
_PROMISE = re.compile(r"(?:async )?Promise\.(?:all|any|allSettled|race) \(index \d+\)$")
_ALIAS = re.compile(r" \[as ([^\]]*)\]")
_NATIVE = {"native", "native code", "[native code]"}

_GECKO = re.compile(r"\s*(.*?)@(.*)$")
_GECKO_EVAL = re.compile(r"(.{1,500}?) line (\d+) > (?:eval|Function)(?: line \d+ > (?:eval|Function))*(?::\d+:\d+)?$")
_GECKO_MARK = re.compile(r"^(?:async\*|setTimeout handler\*|promise callback\*|EventListener\.handleEvent\*)+")


def parse_javascript(text: str) -> ParsedStack:
    """Return the exceptions of a stack; none when the text is not one."""
    stack = _parse_v8(text)
    return stack if stack.frame_count else _parse_gecko(text)


def _parse_v8(text: str) -> ParsedStack:
    exceptions = [ParsedException()]
    said: list[list[str]] = [[]]
    complete = True
    for line in text.splitlines():
        current = exceptions[-1]
        if (match := _CAUSE.match(line)) and (current.frames or said[-1]):
            exceptions.append(ParsedException(source="cause", parent=current))
            said.append([match[1]])
        elif match := _AT.match(line):
            found = _v8_frame(match[1])
            if found is None and not current.frames:
                said[-1].append(line)
            elif found:
                current.frames.append(found)
        elif current.frames:
            # Members of the error object that `util.inspect` adds, and closing braces.
            complete = complete and not line.strip("} \t")
        else:
            said[-1].append(line)
    for exception, lines in zip(exceptions, said, strict=True):
        _name(exception, "\n".join(lines).strip())
        exception.frames.reverse()
    return ParsedStack(outermost_last(exceptions), complete)


def _v8_frame(said: str) -> Frame | None:
    """Return a frame, `{}` for a line that only says what was awaited, None when the line is no frame."""
    if _PROMISE.match(said):
        return {}
    start = said.find(" (")
    if start >= 0 and said.endswith(")"):
        function, where = said[:start], said[start + 2 : -1]
    else:
        function, where = "", said.removeprefix("async ")
    function = _ALIAS.sub("", function.removeprefix("async ")).strip()
    if where in _NATIVE or where.startswith("native "):
        return frame(function=function or "<native>", filename="native", in_app=False)
    if evaluated := _EVAL.match(where):
        return frame(function=function or "<eval>") | place(*evaluated.groups())
    located = _LOCATION.match(where)
    if located:
        return frame(function=function or "<anonymous>") | place(*located.groups())
    if where in {"<anonymous>", "index 0"} or where.startswith("<anonymous>"):
        return frame(function=function or "<anonymous>", filename="<anonymous>")
    return None


def _parse_gecko(text: str) -> ParsedStack:
    exception = ParsedException()
    said: list[str] = []
    complete = True
    for line in text.splitlines():
        found = _gecko_frame(line)
        if found:
            exception.frames.append(found)
        elif not exception.frames:
            said.append(line)
        elif line.strip():
            complete = False
    if not exception.frames:
        return ParsedStack([], complete=False)
    _name(exception, "\n".join(said).strip())
    exception.frames.reverse()
    return ParsedStack([exception], complete)


def _gecko_frame(line: str) -> Frame | None:
    match = _GECKO.match(line)
    if match is None:
        if line.strip() in _NATIVE:
            return frame(function="<native>", filename="native", in_app=False)
        # Safari leaves the function and its "@" out for the outermost code.
        located = _LOCATION.match(line.strip())
        if located and located[3] and "://" in located[1] and " " not in located[1]:
            return frame(function="<anonymous>") | place(*located.groups())
        return None
    function, where = match.groups()
    function = _GECKO_MARK.sub("", function).strip()
    if where in _NATIVE:
        return frame(function=function or "<native>", filename="native", in_app=False)
    if evaluated := _GECKO_EVAL.match(where):
        return frame(function=function or "<eval>") | place(evaluated[1], evaluated[2])
    located = _LOCATION.match(where)
    if located is None or (" " in function and not function.endswith(" code")):
        return None
    return frame(function=function or "<anonymous>") | place(*located.groups())


def _name(exception: ParsedException, said: str) -> None:
    first, _, rest = said.partition("\n")
    match = _TYPE.match(first)
    if match is None:
        exception.value = said
        return
    exception.type = match[1]
    exception.value = "\n".join(part for part in (match[2] or "", rest) if part)
