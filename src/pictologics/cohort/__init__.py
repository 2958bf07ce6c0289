"""Thousands of studies: found, checked, converted, processed and shown."""
