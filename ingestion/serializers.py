"""Shapes of requests and answers, for the documentation. Bodies are read by ingestion.rules, which forgives more."""

from rest_framework import serializers

TYPES = ["track", "identify", "group", "page", "screen", "alias"]


class CallSerializer(serializers.Serializer):
    """What every call may carry. One of userId and anonymousId is needed."""

    userId = serializers.CharField(required=False, max_length=512, help_text="Your id of the person.")
    anonymousId = serializers.CharField(
        required=False, max_length=512, help_text="A device's id before log-in."
    )
    messageId = serializers.CharField(
        required=False, max_length=255, help_text="Unique per event: the same id again adds nothing."
    )
    timestamp = serializers.DateTimeField(
        required=False, help_text="When it happened; receipt if left out. ISO 8601 or an epoch."
    )
    context = serializers.DictField(
        required=False, help_text="`groupId` names the account the event happened in; also ip, page, library."
    )


class TrackSerializer(CallSerializer):
    event = serializers.CharField(help_text="What the person did, for example “Report Exported”.")
    properties = serializers.DictField(required=False)


class IdentifySerializer(CallSerializer):
    traits = serializers.DictField(
        required=False, help_text="What is known of the person: email, name, role ..."
    )


class GroupSerializer(CallSerializer):
    groupId = serializers.CharField(max_length=512, help_text="Your id of the account.")
    traits = serializers.DictField(
        required=False, help_text="What is known of the account: name, plan, employees ..."
    )


class PageSerializer(CallSerializer):
    name = serializers.CharField(required=False)
    category = serializers.CharField(required=False)
    properties = serializers.DictField(required=False)


class AliasSerializer(CallSerializer):
    previousId = serializers.CharField(max_length=512, help_text="The id the person had before.")


class EventSerializer(TrackSerializer, GroupSerializer, PageSerializer, AliasSerializer):
    """Any call. Which fields it needs depends on its type."""

    type = serializers.ChoiceField(choices=TYPES)
    event = serializers.CharField(required=False, help_text="For track: what the person did.")
    groupId = serializers.CharField(
        required=False, max_length=512, help_text="For group: your id of the account."
    )
    previousId = serializers.CharField(required=False, max_length=512, help_text="For alias: the earlier id.")


class BatchSerializer(serializers.Serializer):
    batch = EventSerializer(many=True, help_text="At most 10,000 events and 20 MB.")
    context = serializers.DictField(required=False, help_text="Added to every event; the event's own wins.")
    sentAt = serializers.DateTimeField(required=False, help_text="The client's clock when it sent the batch.")


class CloudEventSerializer(serializers.Serializer):
    """A CloudEvent 1.0 in its JSON form. Further attributes stay with the event."""

    id = serializers.CharField(help_text="With `source` unique per event: the same two again add nothing.")
    source = serializers.CharField(help_text="A URI of what sends.")
    specversion = serializers.ChoiceField(choices=["1.0"])
    type = serializers.CharField(help_text="What the person did: the event.")
    subject = serializers.CharField(max_length=512, help_text="Your id of the person.")
    group = serializers.CharField(
        required=False, max_length=512, help_text="An extension: your id of the account it happened in."
    )
    time = serializers.DateTimeField(required=False, help_text="When it happened; receipt if left out.")
    data = serializers.DictField(required=False, help_text="The event's properties.")


class RejectedSerializer(serializers.Serializer):
    index = serializers.IntegerField(help_text="Place in the batch, from 0.")
    messageId = serializers.CharField(allow_null=True)
    code = serializers.CharField()
    message = serializers.CharField(help_text="What to do.")


class AcceptedSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    accepted = serializers.IntegerField(help_text="Events stored; duplicates are dropped later.")
    rejected = RejectedSerializer(
        many=True, help_text="Events kept in quarantine, from where they can be mended and replayed."
    )


class FailureSerializer(serializers.Serializer):
    success = serializers.BooleanField()
    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="What to do.")
