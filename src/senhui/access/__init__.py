"""Who may do what, where and when (用户与权限): users, grants of role × area × dates, sign-in, audit.

`rules` are pure: areas, roles, whether a grant is in force. `queries` answers (`areas_for`, `require`,
`user_named`), `actions/<verb>_<noun>.py` change something, each in one transaction with its audit row. Other
rooms never open `models`. The roles are data: `roles.yaml`. Why so: docs/decisions/0007-access-grants.md. Cases:
tests/access/.
"""
