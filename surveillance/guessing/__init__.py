"""Drafts a dialect from a sample file. A draft is for a person to read: no night ever uses one."""
