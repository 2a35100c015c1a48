"""Tests of what is deployed: data, held against what the code expects of it."""
