"""Reports of a project: what happened in a period, why, and what became slower; made by hand or by a schedule.

`periods` says when one is due, `making` gathers it by Discover texts and root-cause analyses, `telling` makes Markdown,
a page and a mail of it, `sending` hands the mails over, `job` does all of it for the schedules that are due.
"""

from __future__ import annotations
