"""Why is it wrong: the facts of a root-cause analysis by Discover texts, and what `ml.rca` makes of them.

`frames` and `subjects` say what is asked about, `texts` asks, `series` and `facts` make the parts of a case of the
answers, `gathering` puts them together, `service` has them diagnosed; `document` is the answer, `markdown` and `page`
tell it to people. Nothing is imported here: the command line reads documents without the compiler and the store.
"""

from __future__ import annotations
