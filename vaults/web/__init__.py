"""What views share: decorators, rendering, navigation, form errors, error pages, downloads."""
