"""The mediation platform: pages, accounts, records and the live room.  `app` joins its parts."""
