"""The grammar of a document: how it marks who speaks, found out from the whole of it.

`candidates` lists every way in which a line could open a turn; `features` measures each way over the document, and
each label in it; `score` weighs the numbers; `choose` takes the best way and says how sure that is.
"""
