"""What to paste into a program so that it reports here: one table, read by the welcome page, the how-to and the tests.

The clients are Sentry's, unmodified. Every snippet sends one error, so that the page that shows it turns green.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from engine.errors import UserError

EXAMPLE_DSN = "http://<public key>@127.0.0.1:8701/1"
"""The DSN of the documentation, which belongs to nobody."""

_DSN = "__DSN__"
_STORE_URL = "__STORE_URL__"


@dataclass(frozen=True, slots=True)
class Dsn:
    """The parts of a DSN, `scheme://public_key@host[/prefix]/project_id`.

    Attributes:
        text: the whole DSN.
        public_key: its user part.
        project_id: its last path segment.
        base_url: scheme, host, port and prefix, without a slash at the end.
    """

    text: str
    public_key: str
    project_id: str
    base_url: str

    @property
    def store_url(self) -> str:
        """The address that takes one event as JSON, the key in the query string."""
        return f"{self.base_url}/api/{self.project_id}/store/?sentry_key={self.public_key}"


def parse_dsn(text: str) -> Dsn:
    """Return the parts of a DSN; UserError when it is none."""
    parts = urlsplit(text)
    key, at, host = parts.netloc.rpartition("@")
    prefix, slash, project = parts.path.rpartition("/")
    if parts.scheme not in {"http", "https"} or not (at and key and host and slash and project):
        raise UserError(f"{text!r} is not a DSN.", code="dsn-invalid", hint="It looks like http://key@host:port/1.")
    return Dsn(text, key, project, urlunsplit((parts.scheme, host, prefix, "", "")))


@dataclass(frozen=True, slots=True)
class Snippet:
    """How one language reports.

    Attributes:
        id: name in addresses and tests.
        label: what the reader looks for.
        install: shell command that installs the client, or an empty string when there is nothing to install.
        file: where the code belongs, such as `app.py`, or an empty string for a shell command.
        template: the code with placeholders for the DSN.
        run: shell command that runs the file, or an empty string.
    """

    id: str
    label: str
    install: str
    file: str
    template: str
    run: str = ""

    def code(self, dsn: str) -> str:
        """Return the code with the DSN in it."""
        return self.template.replace(_DSN, dsn).replace(_STORE_URL, _store_url(dsn))


def _store_url(dsn: str) -> str:
    return parse_dsn(dsn).store_url


SNIPPETS: tuple[Snippet, ...] = (
    Snippet(
        "python",
        "Python",
        "pip install sentry-sdk",
        "app.py",
        """\
import sentry_sdk

sentry_sdk.init(dsn="__DSN__", traces_sample_rate=1.0)

try:
    1 / 0
except ZeroDivisionError:
    sentry_sdk.capture_exception()
""",
        "python app.py",
    ),
    Snippet(
        "browser",
        "JavaScript, browser",
        "npm install @sentry/browser",
        "main.js",
        """\
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: "__DSN__",
  integrations: [Sentry.browserTracingIntegration()],
  tracesSampleRate: 1.0,
});

Sentry.captureException(new Error("Hello from the browser"));
""",
    ),
    Snippet(
        "node",
        "Node",
        "npm install @sentry/node",
        "app.mjs",
        """\
import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: "__DSN__",
  tracesSampleRate: 1.0,
});

Sentry.captureException(new Error("Hello from Node"));
await Sentry.flush(2000);
""",
        "node app.mjs",
    ),
    Snippet(
        "go",
        "Go",
        "go get github.com/getsentry/sentry-go",
        "main.go",
        """\
package main

import (
	"errors"
	"log"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              "__DSN__",
		EnableTracing:    true,
		TracesSampleRate: 1.0,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer sentry.Flush(2 * time.Second)

	sentry.CaptureException(errors.New("hello from Go"))
}
""",
        "go run .",
    ),
    Snippet(
        "java",
        "Java",
        "",
        "Main.java",
        """\
// build.gradle: implementation("io.sentry:sentry:8.+")
import io.sentry.Sentry;

public class Main {
  public static void main(String[] args) {
    Sentry.init(options -> {
      options.setDsn("__DSN__");
      options.setTracesSampleRate(1.0);
    });
    Sentry.captureException(new IllegalStateException("Hello from Java"));
    Sentry.close();
  }
}
""",
    ),
    Snippet(
        "ruby",
        "Ruby",
        "gem install sentry-ruby",
        "app.rb",
        """\
require "sentry-ruby"

Sentry.init do |config|
  config.dsn = "__DSN__"
  config.traces_sample_rate = 1.0
end

begin
  1 / 0
rescue ZeroDivisionError => error
  Sentry.capture_exception(error)
end
""",
        "ruby app.rb",
    ),
    Snippet(
        "php",
        "PHP",
        "composer require sentry/sentry",
        "app.php",
        """\
<?php
require __DIR__ . '/vendor/autoload.php';

\\Sentry\\init([
  'dsn' => '__DSN__',
  'traces_sample_rate' => 1.0,
]);

try {
  intdiv(1, 0);
} catch (\\Throwable $error) {
  \\Sentry\\captureException($error);
}
""",
        "php app.php",
    ),
    Snippet(
        "dotnet",
        ".NET",
        "dotnet add package Sentry",
        "Program.cs",
        """\
using Sentry;

using var sentry = SentrySdk.Init(options =>
{
    options.Dsn = "__DSN__";
    options.TracesSampleRate = 1.0;
});

SentrySdk.CaptureException(new InvalidOperationException("Hello from .NET"));
""",
        "dotnet run",
    ),
    Snippet(
        "rust",
        "Rust",
        "cargo add sentry",
        "src/main.rs",
        """\
fn main() {
    // The guard sends what is left when it goes out of scope.
    let _guard = sentry::init("__DSN__");

    sentry::capture_message("Hello from Rust", sentry::Level::Error);
}
""",
        "cargo run",
    ),
    Snippet(
        "curl",
        "curl",
        "",
        "",
        """\
curl -sS '__STORE_URL__' \\
  -H 'Content-Type: application/json' \\
  -d '{"level": "error", "message": "Hello from curl", "platform": "other"}'
""",
    ),
)
"""Every language, in the order the page shows them."""

SNIPPET_BY_ID = {snippet.id: snippet for snippet in SNIPPETS}
