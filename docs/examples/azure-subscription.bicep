// The part of azure.bicep that belongs to the subscription: to read sizes and quota.
targetScope = 'subscription'
param principalId string

resource sizes 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, 'syncer sizes and quota')
  properties: {
    roleName: 'syncer sizes and quota'
    description: 'Read which VM sizes a region offers, and the vCPU quota'
    assignableScopes: [subscription().id]
    permissions: [{ actions: ['Microsoft.Compute/skus/read', 'Microsoft.Compute/locations/usages/read'] }]
  }
}

resource readSizes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(subscription().id, principalId, sizes.id)
  properties: { roleDefinitionId: sizes.id, principalId: principalId, principalType: 'ServicePrincipal' }
}
