"""Shared by the views: decorators, rendering, navigation, form errors, error pages, downloads."""
