"""The outer loop (paper, fig. 2): what is asked next, what is learned, what is kept."""

from gemcore.searching.ask_tell import Search
from gemcore.searching.config import SearchConfig
from gemcore.searching.result import SearchResult
from gemcore.searching.search import search

__all__ = ["Search", "SearchConfig", "SearchResult", "search"]
