"""One fault, one page? Faults are made on the lab, and the pages that come of them are counted."""
