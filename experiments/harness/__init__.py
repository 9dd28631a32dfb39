"""What the experiments share: arguments, rows that survive a kill, statistics, figures, pages."""
