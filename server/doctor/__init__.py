"""`talkingpiece doctor`: looks at a deployment and says in words what is wrong and what to do about it.

It changes nothing: the database is opened for reading, what it writes to measure the disk it takes away again, and a
running program is not disturbed.  One file for each thing that is looked at; `examination` has them in order.
"""
