"""Who owns what: CODEOWNERS files, ownership rules, the owners of an issue, and giving new issues to them."""
