"""Who may do what: principals, roles, the policy, sessions, tokens, and the audit of every write."""
