"""The changes of the score store's schema: one revision each under ``versions``, run by Alembic.

A change is a new file there, with the next number, and that number as ``VERSION`` in
``version.py``; a test says what still differs between what the revisions make and the tables of the
code. A revision that was released is never edited: it has to work for stores of its day, so it
names its tables itself and imports none.
"""
