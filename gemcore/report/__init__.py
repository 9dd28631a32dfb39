"""What is shown to people about the package and its runs."""
