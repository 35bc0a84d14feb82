"""Live rooms: one mailbox and one task each, which narrow, record, widen and tell."""
