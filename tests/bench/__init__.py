"""`make bench`: what a page costs beside the bare round trips it needs, and beside Microsoft's SDK.

The real stack runs on this machine with a local vault that answers 50 ms late, as one in another city would. Pages, bare
calls and SDK calls take turns within one run, so that whatever else the machine does hits all of them alike: the ratios can
be believed where the milliseconds can't.
"""
