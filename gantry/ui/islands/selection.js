// Text that grows under a selection: React replaces a text node's whole data, which moves its ends; they are put back before the paint.
import { Component } from "react";

const endsOf = ({ anchorNode, anchorOffset, focusNode, focusOffset }) => [anchorNode, anchorOffset, focusNode, focusOffset];

export class KeepSelection extends Component {
  getSnapshotBeforeUpdate() {
    const selection = document.getSelection();
    return !selection || selection.isCollapsed ? null : endsOf(selection);
  }

  componentDidUpdate(_props, _state, before) {
    const selection = document.getSelection();
    if (!before?.[0].isConnected || !before[2].isConnected) return;
    const now = endsOf(selection);
    if (before.every((value, index) => value === now[index])) return;
    const fits = (node, offset) => offset <= (node.length ?? node.childNodes.length);
    if (fits(before[0], before[1]) && fits(before[2], before[3])) selection.setBaseAndExtent(...before);
  }

  render() {
    return this.props.children;
  }
}
