"""One attribute set brought to what is planned, after its attributes were made.

Name and binding, the configs with what a bulk call cannot say, the choices it allows, the touch.
Source: omnitron-api.md §2.12, §5.11.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from amzsync.errors import ProtocolError, RefusedError
from amzsync.flows.attribute_plans import SetPlan
from amzsync.flows.flow import Context
from amzsync.mapping.attributes import SetAttribute
from amzsync.omnitron.models.attributes import AttributeConfig, AttributeFlags, AttributeSet


@dataclass
class SetWriter:
    """What comes after the attributes: set, binding, configs, allowed choices, the touch.

    `made`: attributes that were made one by one; `actions`: the link of each category node.
    """

    ctx: Context
    made: dict[str, int | RefusedError]
    actions: dict[int, int]

    def __post_init__(self) -> None:
        """No choices are known yet."""
        self._choices: dict[int, dict[str, int]] = {}
        self._looking = threading.Lock()

    def finish(self, plan: SetPlan) -> None:
        """Bring one set to what is planned. Errors: RefusedError, and as the client."""
        found = self._set_of(plan)
        configs = {
            row.attribute.name: row for row in self.ctx.omnitron.attribute_sets.configs(found.pk)
        }
        for each in plan.changed:
            configs[each.name] = self._configured(found, each, configs.get(each.name))
        for name in plan.gone:
            if (config := configs.get(name)) is not None:
                self._change(config, {"is_required": False, "is_variant": False})
        self._allow(found, [each for each in plan.changed if each.is_limited], configs)
        self._touch(plan.node)

    def _set_of(self, plan: SetPlan) -> AttributeSet:
        """The set, named and bound to its category, whether or not the bulk call did so."""
        sets, node_id = self.ctx.omnitron.attribute_sets, plan.category.node_id
        there = sets.by_remote_id(node_id)
        found = there or sets.create(plan.name, node_id)
        if found.name != plan.name:
            found = sets.rename(found.pk, plan.name)
        node = plan.node
        by_hand = there is None or bool(self.made)
        if by_hand and all(row.object_id != node for row in sets.nodes_of(found.pk)):
            sets.bind(found.pk, node)
        return found

    def _configured(
        self, found: AttributeSet, wanted: SetAttribute, config: AttributeConfig | None
    ) -> AttributeConfig:
        flags = AttributeFlags(
            attribute_remote_id=wanted.name,
            is_required=wanted.is_required,
            is_variant=wanted.is_variant,
            is_custom=wanted.is_custom,
            is_image_attribute=wanted.is_image_attribute,
            is_meta=wanted.is_meta,
        )
        if config is None:
            config = self.ctx.omnitron.attribute_sets.create_config(
                found.pk, self._attribute(wanted.name), flags
            )
        return self._change(config, flags.model_dump())

    def _attribute(self, name: str) -> int:
        known = self.made.get(name)
        if isinstance(known, RefusedError):
            raise known
        if known is None:
            row = self.ctx.omnitron.attributes.by_name(name)
            if row is None:
                raise ProtocolError(f"the bulk call made no attribute {name}")
            known = row.pk
        return known

    def _change(self, config: AttributeConfig, flags: dict[str, object]) -> AttributeConfig:
        present = config.flags.model_dump()
        changes = {name: value for name, value in flags.items() if present[name] != value}
        if not changes:
            return config
        return self.ctx.omnitron.attribute_sets.update_config(config.pk, changes)

    def _allow(
        self,
        found: AttributeSet,
        limited: Sequence[SetAttribute],
        configs: dict[str, AttributeConfig],
    ) -> None:
        """Name the choices the set allows, where other sets allow others.

        A choice that is gone stays allowed: Omnitron knows no call that takes it back.
        """
        if not limited:
            return
        sets = self.ctx.omnitron.attribute_sets
        there = {row.attribute_value for row in sets.value_configs(found.pk)}
        for each in limited:
            known = self._choices_of(configs[each.name].attribute.pk)
            for choice in each.choices:
                if (pk := known.get(choice.value)) is not None and pk not in there:
                    sets.create_value_config(found.pk, pk)

    def _choices_of(self, attribute: int) -> dict[str, int]:
        """Value -> pk of an attribute's choices; asked for once, all are made by now."""
        with self._looking:
            if attribute not in self._choices:
                rows = self.ctx.omnitron.attributes.values(attribute)
                self._choices[attribute] = {row.value: row.pk for row in rows}
            return self._choices[attribute]

    def _touch(self, pk: int) -> None:
        """Note on the node and its link that its attributes were looked at."""
        node = self.ctx.omnitron.categories.touch_node(pk)
        action = self.actions.get(pk)
        if action is not None and node.modified_date is not None:
            self.ctx.omnitron.integration_actions.set_version_date(action, node.modified_date)
