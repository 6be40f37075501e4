"""Files that are archives of XML: Word, PowerPoint, Excel, OpenDocument and EPUB."""
