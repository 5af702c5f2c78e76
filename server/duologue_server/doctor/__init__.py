"""Every part of the product, checked: what works, what does not, and what to do about it."""
